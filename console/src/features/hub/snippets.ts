import type { SnippetSource } from '@/ui/Snippet'

import { PLURAL, type Repository } from './kinds'

const LIBRARIES: Record<string, (id: string) => string> = {
  model: (id) =>
    `from transformers import AutoModelForCausalLM, AutoTokenizer\n\nmodel = AutoModelForCausalLM.from_pretrained("${id}")\ntokenizer = AutoTokenizer.from_pretrained("${id}")`,
  dataset: (id) => `from datasets import load_dataset\n\ndata = load_dataset("${id}")`,
}

/** The ways in which a repository is used from outside: public clients, the command line, the plain API. */
export function snippetsOf(repository: Repository, revision: string, origin: string): SnippetSource[] {
  const { kind, full_name: id, name, visibility, gated, default_branch: main } = repository
  const closed = visibility !== 'public' || gated !== 'no'
  const reference = `${PLURAL[kind]}/${id}@${revision}`
  const environment = `export HF_ENDPOINT=${origin}${closed ? '\nexport HF_TOKEN=cyk_…' : ''}`
  const other = revision === main ? '' : ` --revision ${revision}`
  const prefix = kind === 'model' ? '' : `${PLURAL[kind]}/`
  const sources: SnippetSource[] = []
  const library = LIBRARIES[kind]
  if (library) {
    const type = kind === 'dataset' ? ' --repo-type dataset' : ''
    sources.push(
      { label: 'Python', code: `# ${environment.replaceAll('\n', '\n# ')}\n${library(id)}` },
      { label: 'hf', code: `${environment}\nhf download ${id}${type}${other} --local-dir ./${name}` },
      {
        label: 'git',
        code: `git lfs install\ngit clone${revision === main ? '' : ` -b ${revision}`} ${origin}/${prefix}${id}`,
      },
    )
  }
  const header = closed ? ' -H "Authorization: Bearer $HF_TOKEN"' : ''
  sources.push(
    { label: 'CLI', code: `ceyuan hub download ${reference} ./${name}` },
    {
      label: 'SDK',
      code: `from ceyuan.sdk import Client\n\nClient().hub.download("${reference}", "./${name}")`,
    },
    {
      label: 'API',
      code: `curl -L${header} \\\n  ${origin}/${prefix}${id}/resolve/${encodeURIComponent(revision)}/README.md`,
    },
  )
  return sources
}
