// Which folders are open in the sidebar: kept by this browser, told to the server with each page.

const NAME = "folders";
const MOST = 20;

function read() {
  const found = document.cookie.split("; ").find((part) => part.startsWith(`${NAME}=`));
  return found ? found.slice(NAME.length + 1).split(".").filter(Boolean) : [];
}

export function remember(box) {
  const { folder } = box.dataset;
  const ids = read().filter((id) => id !== folder);
  if (box.open) ids.push(folder);
  document.cookie = `${NAME}=${ids.slice(-MOST).join(".")}; path=/; max-age=31536000; samesite=lax`;
  // From here on the box says what was told, as those from the server do.
  box.toggleAttribute("data-was-open", box.open);
}
