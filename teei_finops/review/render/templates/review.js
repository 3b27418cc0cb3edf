// Sorts a table by the column whose heading is clicked.
for (const heading of document.querySelectorAll("th[data-sort]")) {
  heading.tabIndex = 0;
  const sort = () => {
    const table = heading.closest("table"), body = table.tBodies[0];
    const column = [...heading.parentNode.children].indexOf(heading);
    const descending = heading.getAttribute("aria-sort") !== "descending";
    for (const other of table.querySelectorAll("th[aria-sort]")) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const value = (row) => { const cell = row.cells[column]; return cell ? cell.dataset.value ?? cell.textContent.trim() : ""; };
    const isNumber = heading.dataset.sort === "number";
    const compare = (a, b) => isNumber ? Number(value(a)) - Number(value(b)) : value(a).localeCompare(value(b));
    body.append(...[...body.rows].sort((a, b) => (descending ? -1 : 1) * compare(a, b)));
  };
  heading.addEventListener("click", sort);
  heading.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); sort(); } });
}
