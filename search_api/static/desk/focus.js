// Where the reader is: never lost after an action.

export function focusFirst(within) {
  within.querySelector("[data-focus]")?.focus();
}

export function isTyping(target) {
  return target.closest("input, textarea, select, [contenteditable]") !== null;
}
