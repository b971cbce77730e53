export interface Citation {
  text: string
  start: number
  end: number
  article_id: string | null
  exists: boolean
}

export interface Piece {
  text: string
  citation: Citation | null
}

/**
 * Cuts an answer at its citations. Spans count characters as Python does (code points), while
 * JavaScript counts UTF-16 units, so the text is cut as a list of code points.
 */
export function cutAtCitations(answer: string, citations: readonly Citation[]): Piece[] {
  const characters = [...answer]
  const pieces: Piece[] = []
  let at = 0
  for (const citation of [...citations].sort((a, b) => a.start - b.start)) {
    if (citation.start < at || citation.end > characters.length) continue
    if (citation.start > at) pieces.push({ text: characters.slice(at, citation.start).join(''), citation: null })
    pieces.push({ text: characters.slice(citation.start, citation.end).join(''), citation })
    at = citation.end
  }
  if (at < characters.length) pieces.push({ text: characters.slice(at).join(''), citation: null })
  return pieces
}
