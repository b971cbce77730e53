import { repositoryPath, type RepositoryKind } from './reference'

/** The file or folder that an address in a card names, from the folder of the card; null for one that leads elsewhere. */
export function fileOf(address: string, folder = ''): string | null {
  if (!address || address.startsWith('#') || address.startsWith('/') || /^[a-z][a-z0-9+.-]*:/i.test(address))
    return null
  const { pathname } = new URL(address, `https://card.invalid/${folder ? `${folder}/` : ''}`)
  try {
    return decodeURIComponent(pathname).replace(/^\/|\/$/g, '') || null
  } catch {
    return null
  }
}

interface Place {
  kind: RepositoryKind
  owner: string
  name: string
  revision: string
}

/** Where the files that a card names are shown, and where its pictures lie. */
export function addressesOf({ kind, owner, name, revision }: Place, folder = '') {
  const prefix = kind === 'model' ? '' : `/${kind}s`
  return {
    page: (address: string) => {
      const path = fileOf(address, folder)
      if (path === null) return null
      const place = new URLSearchParams({ revision, tab: 'files', path })
      return `${repositoryPath(kind, owner, name)}?${place}`
    },
    picture: (address: string) => {
      const path = fileOf(address, folder)
      if (path === null) return null
      const parts = path.split('/').map(encodeURIComponent).join('/')
      return `${prefix}/${owner}/${name}/resolve/${encodeURIComponent(revision)}/${parts}`
    },
  }
}
