// Asking the desk from a script: the token of the session goes along, faults come back as words.

const token = document.querySelector("meta[name=csrf]")?.content ?? "";

export class RequestFault extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? String(status));
    this.status = status;
    this.problem = problem;
  }
}

async function answered(response) {
  const type = response.headers.get("content-type") ?? "";
  if (response.ok) return type.includes("json") ? response.json() : response.text();
  throw new RequestFault(response.status, type.includes("json") ? await response.json() : {});
}

// The address as JSON or as a fragment of HTML.
export async function get(address, options = {}) {
  return answered(await fetch(address, { headers: { "X-Requested-With": "fetch" }, ...options }));
}

// fields: an object, FormData or URLSearchParams.
export async function post(address, fields = {}, options = {}) {
  const body = fields instanceof FormData || fields instanceof URLSearchParams ? fields : new URLSearchParams(fields);
  const headers = { "X-Requested-With": "fetch", "X-CSRF-Token": token };
  return answered(await fetch(address, { method: "POST", body, headers, ...options }));
}
