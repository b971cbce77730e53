import type { SnippetSource } from '@/ui/Snippet'

/** JSON as a Python literal. */
export function python(value: unknown, indent = 0): string {
  const pad = ' '.repeat(indent + 4)
  if (value === null || value === undefined) return 'None'
  if (value === true) return 'True'
  if (value === false) return 'False'
  if (Array.isArray(value)) return `[${value.map((one) => python(one, indent)).join(', ')}]`
  if (typeof value === 'object') {
    const pairs = Object.entries(value).map(
      ([name, one]) => `${pad}${JSON.stringify(name)}: ${python(one, indent + 4)},`,
    )
    return `{\n${pairs.join('\n')}\n${' '.repeat(indent)}}`
  }
  return JSON.stringify(value)
}

/** A call of the gateway as code for a terminal and for the clients that people have. */
export function snippetsOf(origin: string, path: string, body: object): SnippetSource[] {
  const chat = path.endsWith('/chat/completions')
  const method = chat ? 'chat.completions' : 'completions'
  const told = Object.entries(body)
    .map(([name, value]) => `    ${name}=${python(value, 4)},`)
    .join('\n')
  const answer = chat ? 'answer.choices[0].message.content' : 'answer.choices[0].text'
  const shell = JSON.stringify(body, null, 2).replaceAll("'", "'\\''")
  return [
    {
      label: 'curl',
      code: `curl ${origin}${path} \\\n  -H "Authorization: Bearer $CEYUAN_TOKEN" \\\n  -H "Content-Type: application/json" \\\n  -d '${shell}'`,
    },
    {
      label: 'Python',
      code: `import os\n\nfrom openai import OpenAI\n\nclient = OpenAI(base_url="${origin}/v1", api_key=os.environ["CEYUAN_TOKEN"])\nanswer = client.${method}.create(\n${told}\n)\nprint(${answer})`,
    },
    {
      label: 'JavaScript',
      code: `import OpenAI from 'openai'\n\nconst client = new OpenAI({ baseURL: '${origin}/v1', apiKey: process.env.CEYUAN_TOKEN })\nconst answer = await client.${method}.create(${JSON.stringify(body, null, 2)})\nconsole.log(${answer})`,
    },
  ]
}
