/** Rows as CSV (RFC 4180); a cell that a spreadsheet would run as a formula is quoted as text. */
export function toCsv(rows: (string | number)[][]): string {
  const cell = (value: string | number): string => {
    const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value)
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('')
}

/** Hands a blob to the browser as a file. */
export function saveAs(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}

/** Hands a table to the browser as a file; the mark tells spreadsheets that it is UTF-8. */
export function download(name: string, text: string): void {
  saveAs(name, new Blob(['\ufeff', text], { type: 'text/csv;charset=utf-8' }))
}
