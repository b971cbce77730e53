import { SearchOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Input } from 'antd'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'

import { send } from '@/api/client'
import { ProblemView } from '@/ui/Feedback'
import { Loading } from '@/ui/Loading'
import { Page, Section } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'

import { answersOf, curlOf, fieldsOf, matching, routesOf, type OpenApi, type Route } from './openapi'
import styles from './Reference.module.css'

function RouteDetail({ document, route }: { document: OpenApi; route: Route }) {
  const { t } = useTranslation('reference')
  const fields = fieldsOf(document, route)
  return (
    <div className={styles.detail}>
      <p className={styles.about}>{route.about}</p>
      <Snippet sources={[{ label: 'HTTP', code: curlOf(document, route) }]} />
      {fields.length > 0 && (
        <table className={styles.fields}>
          <caption>{t('fields')}</caption>
          <tbody>
            {fields.map((field) => (
              <tr key={`${field.where} ${field.name}`}>
                <th scope="row">
                  <code>{field.name}</code>
                  {field.required && <span className={styles.required}>{t('required')}</span>}
                </th>
                <td className="faint">{t(`where.${field.where}`, { defaultValue: field.where })}</td>
                <td>
                  <code>{field.type}</code>
                </td>
                <td className="soft">{field.about}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <table className={styles.fields}>
        <caption>{t('answers')}</caption>
        <tbody>
          {answersOf(route).map((answer) => (
            <tr key={answer.status}>
              <th scope="row" className="num">
                {answer.status}
              </th>
              <td>
                <code>{answer.type}</code>
              </td>
              <td className="soft" colSpan={2}>
                {answer.about}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function RouteLine({ document, route }: { document: OpenApi; route: Route }) {
  const [params, setParams] = useSearchParams()
  const open = params.get('route') === route.id
  const toggle = () =>
    setParams(
      (current) => {
        const next = new URLSearchParams(current)
        if (open) next.delete('route')
        else next.set('route', route.id)
        return next
      },
      { replace: true, preventScrollReset: true },
    )
  return (
    <li className={styles.route}>
      <button type="button" className={styles.line} aria-expanded={open} onClick={toggle}>
        <span className={styles.method} data-method={route.method}>
          {route.method.toUpperCase()}
        </span>
        <code className={styles.path}>{route.path}</code>
        <span className={styles.summary}>{route.about.split('\n')[0]}</span>
      </button>
      {open && <RouteDetail document={document} route={route} />}
    </li>
  )
}

/** Every route of the platform's API, as the platform itself describes them. */
export function Component() {
  const { t } = useTranslation('reference')
  const [params, setParams] = useSearchParams()
  const search = params.get('text') ?? ''
  const query = useQuery({
    queryKey: ['openapi'],
    queryFn: async () => (await (await send('/api/v1/openapi.json')).json()) as OpenApi,
    staleTime: Infinity,
  })
  const document = query.data
  const routes = useMemo(() => (document ? routesOf(document) : []), [document])
  const found = matching(routes, search)
  const tags = [...new Set(found.map(({ tag }) => tag))]
  const find = (text: string) => setParams(text ? { text } : {}, { replace: true, preventScrollReset: true })
  return (
    <Page title={t('title')} description={t('description')}>
      <Snippet
        sources={[
          { label: t('start'), code: `export CEYUAN_URL=${location.origin}\nexport CEYUAN_TOKEN=cyk_…` },
          { label: 'OpenAPI', code: `curl ${location.origin}/api/v1/openapi.json` },
        ]}
      />
      <Input
        className={styles.search}
        prefix={<SearchOutlined className="faint" />}
        placeholder={t('search')}
        aria-label={t('search')}
        allowClear
        value={search}
        onChange={(event) => find(event.target.value)}
      />
      {query.error && <ProblemView error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Loading />}
      {document && found.length === 0 && <p className="soft">{t('none')}</p>}
      {document &&
        tags.map((tag) => (
          <Section key={tag} title={tag} flush>
            <ul className={styles.routes}>
              {found
                .filter((route) => route.tag === tag)
                .map((route) => (
                  <RouteLine key={route.id} document={document} route={route} />
                ))}
            </ul>
          </Section>
        ))}
    </Page>
  )
}
