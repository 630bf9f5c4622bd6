"use strict";
// Addresses: the address contains the view and the open dialogs, so that Back closes the latest dialog. An
// address is #/view/dialog=values/dialog=values, with dialogs in order of opening. It starts with a slash so
// that it matches no element: on a step back to #people a browser would remove the focus from the focused
// element.

const dialogs = new Map(); // name -> { dialog, again }
let showView = () => {},
  shownView = () => "";
// `run` shows a view by its name; `now` returns the name of the current view
export const onView = (run, now) => {
  [showView, shownView] = [run, now];
};
const ready = () => document.documentElement.dataset.ready; // the page was drawn at least once

const key = (part) => part.split("=")[0];
function parts() {
  try {
    return decodeURIComponent(location.hash.replace(/^#\/?/, "")).split("/");
  } catch {
    return [""];
  }
}
const write = (list) =>
  "#/" + list.map((p) => encodeURIComponent(p).replaceAll("%3D", "=").replaceAll("%2C", ",")).join("/");
const open = (part) => dialogs.get(key(part))?.dialog.open;

// Update the address after dialogs were closed: remove them, by a step back if the last one was opened by a
// step.
let leaving = false; // a step back started by this script is in progress
function tidy() {
  const address = parts(),
    last = address.at(-1),
    gone = address.filter((p, i) => i && dialogs.has(key(p)) && !open(p));
  if (gone.includes(last) && history.state?.opened === key(last)) {
    leaving = true;
    history.back();
  } else if (gone.length)
    history.replaceState(history.state, "", write(address.filter((p) => !gone.includes(p))));
}

// Give a dialog an address. The result opens the dialog; `again(values)` opens it from an address.
export function named(dialog, name, again = null) {
  dialogs.set(name, { dialog, again, part: name });
  dialog.addEventListener("close", () => {
    if (!leaving && !dialog.open) tidy();
  });
  return (values = []) => {
    const address = parts(),
      part = [name, values.join(",")].filter((t) => t !== "").join("="),
      place = address.findIndex((p, i) => i && key(p) === name);
    dialogs.get(name).part = part;
    if (place > 0)
      history.replaceState(history.state, "", write(address.map((p, i) => (i === place ? part : p))));
    else {
      // just closed to open this one
      const stale = history.state?.opened && !dialogs.get(history.state.opened)?.dialog.open;
      history[stale ? "replaceState" : "pushState"](
        { opened: name },
        "",
        write([address[0] || shownView(), ...address.slice(1).filter(open), part]),
      );
    }
    if (!dialog.open) dialog.showModal();
  };
}
// The step back has arrived: also remove dialogs closed meanwhile, and add steps for those opened meanwhile.
function arrived() {
  leaving = false;
  tidy();
  const here = new Set(parts().slice(1).map(key));
  for (const [name, { dialog, part }] of dialogs)
    if (!leaving && dialog.open && !here.has(name)) {
      history.pushState({ opened: name }, "", write([...parts(), part]));
    }
}

// A view was chosen: add a step.
export function viewed(name) {
  if (parts()[0] === name) return;
  history[ready() ? "pushState" : "replaceState"](null, "", write([name]));
}

// Show the address: the view and its dialogs; close other dialogs.
export function follow() {
  const [view, ...opened] = parts(),
    wanted = new Map(opened.map((p) => [key(p), p.split("=").slice(1).join("=")]));
  for (const [name, { dialog }] of [...dialogs].reverse())
    if (dialog.open && !wanted.has(name)) dialog.close();
  if (view && view !== shownView()) showView(view);
  for (const [name, values] of wanted) {
    const known = dialogs.get(name),
      part = values ? `${name}=${values}` : name;
    if (known?.again && (!known.dialog.open || known.part !== part))
      known.again(values ? values.split(",").map((v) => (/^\d+$/.test(v) ? Number(v) : v)) : []);
  }
  const left = opened.filter((p) => dialogs.get(key(p))?.again || open(p));
  if (left.length < opened.length) history.replaceState(null, "", write([view, ...left]));
}
export const first = () => parts()[0];
addEventListener("popstate", () => {
  if (leaving) arrived();
  else if (ready()) follow();
});
