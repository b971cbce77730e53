/** A corpus in the hub, at a revision when one is given. */
export interface CorpusPlace {
  owner: string
  name: string
  revision: string | undefined
}

export const paramsOf = ({ owner, name, revision }: CorpusPlace) => ({ path: { owner, name }, query: { revision } })
