-- A workspace's log as castlist 0.1 wrote it (schema 1): decisions by single faces.
-- Six tracks of ten frames, 25 a second, one after the other, all at one place of the frame.
INSERT INTO decisions VALUES (1, 'same', '', 'A', '2026-01-02T03:04:05+00:00', NULL);
INSERT INTO anchors VALUES (1, 0, '1/5', 0.15625, 0.138888888888889, 0.3125, 0.472222222222222, 0);
INSERT INTO anchors VALUES (1, 1, '1', 0.15625, 0.138888888888889, 0.3125, 0.472222222222222, 0);
INSERT INTO decisions VALUES (2, 'name', 'Anna', 'A', '2026-01-02T03:04:06+00:00', NULL);
INSERT INTO anchors VALUES (2, 0, '1/5', 0.15625, 0.138888888888889, 0.3125, 0.472222222222222, 0);
INSERT INTO decisions VALUES (3, 'hide', '', 'A', '2026-01-02T03:04:07+00:00', NULL);
INSERT INTO anchors VALUES (3, 0, '9/5', 0.15625, 0.138888888888889, 0.3125, 0.472222222222222, 0);
INSERT INTO decisions VALUES (4, 'undo', '', 'A', '2026-01-02T03:04:08+00:00', 3);
