const files = import.meta.glob<Record<string, unknown>>('./*.json', { eager: true, import: 'default' })

/** Namespace (the file's name) to texts. */
export default Object.fromEntries(
  Object.entries(files).map(([path, texts]) => [path.replace(/^\.\/|\.json$/g, ''), texts]),
)
