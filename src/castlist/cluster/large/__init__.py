"""Trees of 10^5 to 10^7 points, in memory that grows with the points: nothing here makes a full matrix."""
