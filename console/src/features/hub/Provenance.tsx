import { Alert, Tag } from 'antd'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import { Facts } from '@/ui/Facts'
import { Count, Hash, Time } from '@/ui/Figures'
import { Section } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'

import { PLURAL, type Repository } from './kinds'
import styles from './Repository.module.css'
import { pathOf, type Place } from './RepositoryPage'

const VERDICTS = ['unsafe', 'caution', 'safe', 'unknown'] as const
const SHOWN = 6

/** What the scan of the newest revision found: verdicts, licences, and what speaks against them. */
export function Inspection({ place }: { place: Place }) {
  const { t } = useTranslation('hub')
  const { data } = $api.useQuery('get', '/api/v1/repositories/{kind}/{owner}/{name}/inspection', {
    params: { path: pathOf(place) },
  })
  if (!data) return null
  if (data.commit === null) {
    return (
      <Section title={t('inspect.title')}>
        <p className="faint">{t('inspect.waiting')}</p>
      </Section>
    )
  }
  const grave = data.findings.filter((finding) => finding.weight !== 'note')
  return (
    <Section title={t('inspect.title')} note={!data.current && t('inspect.older')}>
      <div className="stack">
        <div className="row">
          {VERDICTS.filter((verdict) => data.verdicts[verdict]).map((verdict) => (
            <span key={verdict} className={styles.verdict} data-verdict={verdict}>
              {t(`inspect.${verdict}`)} <Count value={data.verdicts[verdict]} />
            </span>
          ))}
        </div>
        {grave.length > 0 && (
          <ul className={styles.found}>
            {grave.slice(0, SHOWN).map((finding) => (
              <li key={`${finding.path}-${finding.code}-${finding.message}`}>
                <code>{finding.path}</code> {finding.message}
              </li>
            ))}
            {grave.length > SHOWN && <li className="faint">{t('diff.hidden', { count: grave.length - SHOWN })}</li>}
          </ul>
        )}
        {data.licences.length > 0 && (
          <div>
            <h3 className={styles.small}>{t('facet.licence')}</h3>
            {data.licences.map((found) => (
              <div key={`${found.path}-${found.licence}-${found.how}`}>
                <Tag variant="filled">{found.licence}</Tag>
                <span className="faint">
                  {t(`inspect.how.${found.how}`)} {found.how !== 'declared' && <code>{found.path}</code>}
                </span>
              </div>
            ))}
          </div>
        )}
        {data.conflicts.map((conflict) => (
          <Alert key={conflict.message} type="warning" showIcon title={conflict.message} />
        ))}
      </div>
    </Section>
  )
}

/** Who vouches for the open revision. */
export function Signatures({ place, repository }: { place: Place; repository: Repository }) {
  const { t } = useTranslation('hub')
  const { data } = $api.useQuery('get', '/api/v1/repositories/{kind}/{owner}/{name}/signatures', {
    params: { path: pathOf(place), query: { revision: place.revision } },
  })
  if (!data) return null
  const reference = `${PLURAL[place.kind]}/${repository.full_name}@${data.commit.slice(0, 12)}`
  return (
    <Section title={t('sign.title')}>
      <div className="stack">
        {data.signatures.map((row) => (
          <Facts
            key={row.key_id}
            facts={[
              {
                label: row.kind === 'platform' ? t('sign.platform') : row.by,
                value: (
                  <Tag color={row.valid ? (row.revoked ? 'warning' : 'success') : 'error'}>
                    {t(row.valid ? (row.revoked ? 'sign.revoked' : 'sign.valid') : 'sign.invalid')}
                  </Tag>
                ),
              },
              { label: t('sign.key'), value: <Hash value={row.public_key} /> },
              ...(row.signed_at ? [{ label: t('sign.at'), value: <Time value={row.signed_at} /> }] : []),
            ]}
          />
        ))}
        <Snippet
          sources={[
            { label: t('sign.verify'), code: `ceyuan signing verify ${reference} ./${place.name}` },
            { label: t('sign.sign'), code: `ceyuan signing key\nceyuan signing sign ${reference}` },
          ]}
        />
      </div>
    </Section>
  )
}
