for (const head of document.querySelectorAll("th[data-sort]")) {
  head.tabIndex = 0;
  const sort = () => {
    const table = head.closest("table"), body = table.tBodies[0], at = [...head.parentNode.children].indexOf(head);
    const down = head.getAttribute("aria-sort") !== "descending";
    for (const other of table.querySelectorAll("th[aria-sort]")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const value = (row) => { const cell = row.cells[at]; return cell ? cell.dataset.value ?? cell.textContent.trim() : ""; };
    const number = head.dataset.sort === "number";
    const order = (a, b) => number ? Number(value(a)) - Number(value(b)) : value(a).localeCompare(value(b));
    body.append(...[...body.rows].sort((a, b) => (down ? -1 : 1) * order(a, b)));
  };
  head.addEventListener("click", sort);
  head.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); sort(); } });
}
