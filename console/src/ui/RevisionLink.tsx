import { Link } from 'react-router'

import { shortHash } from '@/lib/format'
import { parseReference, referencePath } from '@/lib/reference'

/** A reference to a revision in the hub that leads there. */
export function RevisionLink({ reference }: { reference: string }) {
  const parsed = parseReference(reference)
  const path = referencePath(reference)
  if (!parsed) return <code>{reference}</code>
  const text = (
    <>
      {parsed.owner}/{parsed.name}
      {parsed.revision && <code className="faint">@{shortHash(parsed.revision, 8)}</code>}
    </>
  )
  return path ? (
    <Link to={path} title={reference}>
      {text}
    </Link>
  ) : (
    <span title={reference}>{text}</span>
  )
}
