import { Link } from 'react-router'

import { shortHash } from '@/lib/format'

const REFERENCE = /^([\w.-]+\/[\w.-]+)@([\w.:-]+)$/

/** The console's address of `owner/name@revision`; null when the text is no such reference. */
export function revisionPath(reference: string): string | null {
  const match = REFERENCE.exec(reference)
  return match ? `/hub/${match[1]}?revision=${match[2]}` : null
}

/** A reference to a revision in the hub, `owner/name@revision`, that leads there. */
export function RevisionLink({ reference }: { reference: string }) {
  const match = REFERENCE.exec(reference)
  const path = revisionPath(reference)
  if (!match || !path) return <code>{reference}</code>
  return (
    <Link to={path} title={reference}>
      {match[1]}
      <code className="faint">@{shortHash(match[2] ?? '', 8)}</code>
    </Link>
  )
}
