// One upload. XMLHttpRequest, for fetch does not tell how much has been sent.

export function post(request, file, tell) {
  const body = new FormData();
  body.append("file", file);
  return new Promise((resolve) => {
    request.upload.onprogress = ({ loaded, total }) => total && tell(loaded / total);
    // 0: it did not come through, or was aborted.
    request.onloadend = () => resolve({ status: request.status, text: request.responseText });
    request.open("POST", document.querySelector("[data-upload]").dataset.upload);
    const token = document.querySelector("#composer-form [name=csrfmiddlewaretoken]").value;
    request.setRequestHeader("X-CSRFToken", token);
    request.setRequestHeader("HX-Request", "true");
    request.send(body);
  });
}
