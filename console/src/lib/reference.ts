export type RepositoryKind = 'dataset' | 'model' | 'report'

const PREFIXES: Record<RepositoryKind, string> = { dataset: 'datasets', model: 'models', report: 'reports' }

const REFERENCE = /^(?:(datasets|models|reports)\/)?([\w.-]+)\/([\w.-]+)(?:@(.+))?$/

export interface Reference {
  kind: RepositoryKind | null
  owner: string
  name: string
  revision: string | null
}

const kindOf = (prefix: string | undefined): RepositoryKind | null =>
  (Object.keys(PREFIXES) as RepositoryKind[]).find((kind) => PREFIXES[kind] === prefix) ?? null

/** Reads `[datasets/|models/|reports/]owner/name[@revision]`; null when the text is no reference. */
export function parseReference(text: string): Reference | null {
  const match = REFERENCE.exec(text)
  if (!match?.[2] || !match[3]) return null
  return { kind: kindOf(match[1]), owner: match[2], name: match[3], revision: match[4] ?? null }
}

/** The page of a list of repositories. */
export function listPath(kind: RepositoryKind): string {
  return `/hub/${PREFIXES[kind]}`
}

/** The page of a repository, at a revision when one is given. */
export function repositoryPath(kind: RepositoryKind, owner: string, name: string, revision?: string | null): string {
  const query = revision ? `?revision=${encodeURIComponent(revision)}` : ''
  return `${listPath(kind)}/${owner}/${name}${query}`
}

/** The page that a reference leads to; null when it does not say which kind it is. */
export function referencePath(text: string): string | null {
  const reference = parseReference(text)
  return reference?.kind ? repositoryPath(reference.kind, reference.owner, reference.name, reference.revision) : null
}
