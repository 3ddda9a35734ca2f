// Which folders are open in the sidebar: kept by this browser, told to the server with each page.

const NAME = "folders";
const MOST = 20;
const KEPT = "path=/; max-age=31536000; samesite=lax";

function read() {
  const found = document.cookie.split("; ").find((part) => part.startsWith(`${NAME}=`));
  return found ? found.slice(NAME.length + 1).split(".").filter(Boolean) : [];
}

export function remember(box) {
  const { folder } = box.dataset;
  // The list of all of them is open unless somebody folded it.
  if (!folder) document.cookie = `folders_folded=${box.open ? 0 : 1}; ${KEPT}`;
  else keep(folder, box.open);
  // From here on the box says what was told, as those from the server do.
  box.toggleAttribute("data-was-open", box.open);
}

function keep(folder, isOpen) {
  const ids = read().filter((id) => id !== folder);
  if (isOpen) ids.push(folder);
  document.cookie = `${NAME}=${ids.slice(-MOST).join(".")}; ${KEPT}`;
}
