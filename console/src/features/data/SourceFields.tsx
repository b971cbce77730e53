import { Checkbox, Form, Input, Select } from 'antd'
import { useTranslation } from 'react-i18next'

import type { Item } from '@/api/types'

import { useNames } from './names'

export type Source = Item<'/api/v1/data/sources'>
export type Options = NonNullable<Source['options']>

const OPTIONS: Partial<Record<Source['kind'], (keyof Options)[]>> = {
  s3: ['endpoint', 'region', 'access_key'],
  hub: ['endpoint', 'revision'],
  sql: ['key', 'watermark'],
}
/** What stands for a licence that nobody stated. */
export const UNSTATED = 'LicenseRef-unstated'
export const NO_OPTIONS: Options = {
  endpoint: '',
  region: '',
  access_key: '',
  revision: '',
  query: '',
  key: '',
  watermark: '',
  distribution: '',
}
const FORMS: NonNullable<Options['distribution']>[] = ['', 'wheel', 'sdist']

interface Place {
  kind: Source['kind'] | undefined
  location?: string
  kept?: boolean
}

/** Whether it is a registered corpus, of which licence, origin and columns are known. */
export function isRegistered(source: Pick<Source, 'kind' | 'location'>): boolean {
  return source.kind === 'package' && !source.location.startsWith('pkg:')
}

/** Which form of a package of PyPI is taken. */
function Distribution() {
  const { t } = useTranslation('data')
  return (
    <Form.Item name={['options', 'distribution']} label={t('option.distribution')} initialValue="">
      <Select options={FORMS.map((value) => ({ value, label: t(`distribution.${value || 'any'}`) }))} />
    </Form.Item>
  )
}

/** How a bucket, a hub, a database or a package is had; the secret is sealed and never shown again. */
export function Reach({ kind, location = '', kept = false }: Place) {
  const { t } = useTranslation('data')
  if (kind === 'package' && location.startsWith('pkg:pypi/')) return <Distribution />
  const names = kind ? OPTIONS[kind] : undefined
  if (!names) return null
  return (
    <>
      {kind === 'sql' && (
        <Form.Item name={['options', 'query']} label={t('option.query')} rules={[{ required: true }]}>
          <Input.TextArea maxLength={10000} autoSize={{ minRows: 3 }} className="mono" />
        </Form.Item>
      )}
      <div className="grid-2">
        {names.map((name) => (
          <Form.Item
            key={name}
            name={['options', name]}
            label={t(`option.${name}`)}
            rules={[{ required: name === 'key' }]}
          >
            <Input maxLength={300} />
          </Form.Item>
        ))}
        <Form.Item
          name="secret"
          label={t('sources.secret')}
          extra={t(kept ? 'sources.secretKept' : 'sources.secretNote')}
        >
          <Input.Password maxLength={4000} autoComplete="new-password" />
        </Form.Item>
      </div>
    </>
  )
}

/** Which thresholds its documents are cut by. */
export function Domain({ required = false }: { required?: boolean }) {
  const { t } = useTranslation('data')
  const { parts, side } = useNames()
  return (
    <Form.Item name="domain" label={t('sources.domain')} extra={t('sources.domainNote')} rules={[{ required }]}>
      <Select
        allowClear={!required}
        options={Object.entries(parts?.domains ?? {}).map(([value, words]) => ({ value, label: words[side] }))}
      />
    </Form.Item>
  )
}

/** Licence and where it was first published; those of a registered corpus are known. */
export function Licence({ required = false }: { required?: boolean }) {
  const { t } = useTranslation('data')
  return (
    <div className="grid-2">
      <Form.Item name="licence" label={t('sources.licence')} rules={[{ required }]}>
        <Input maxLength={120} placeholder="MIT" />
      </Form.Item>
      <Form.Item name="origin" label={t('sources.origin')}>
        <Input maxLength={500} />
      </Form.Item>
    </div>
  )
}

/** Grades of data from the least to the most protected, in the hub's words. */
export const GRADES = ['public', 'general', 'internal', 'important', 'core'] as const

/** Who answers for the source, what proves that it may be used, and how its data is graded. */
export function Rights() {
  const { t } = useTranslation('data')
  const { t: hub } = useTranslation('hub')
  return (
    <>
      <Form.Item name="grade" label={hub('facet.grade')} extra={t('sources.gradeNote')}>
        <Select
          options={[
            { value: '', label: t('sources.ungraded') },
            ...GRADES.map((value) => ({ value, label: hub(`grade.${value}`) })),
          ]}
        />
      </Form.Item>
      <Form.Item name="owner" label={t('sources.owner')} extra={t('sources.ownerNote')}>
        <Input maxLength={200} />
      </Form.Item>
      <Form.Item name="evidence" label={t('sources.evidence')} extra={t('sources.evidenceNote')}>
        <Input.TextArea maxLength={4000} autoSize={{ minRows: 2 }} />
      </Form.Item>
    </>
  )
}

/** Whether a run goes on without the source where it cannot be had. */
export function Optional() {
  const { t } = useTranslation('data')
  return (
    <Form.Item name="optional" valuePropName="checked" extra={t('sources.optionalNote')}>
      <Checkbox>{t('sources.optional')}</Checkbox>
    </Form.Item>
  )
}

/** Kinds whose files or rows are records with fields. */
const RECORDS = new Set<Source['kind']>(['folder', 'dataset', 'listing', 's3', 'hub', 'sql'])

/** Where records bring an embedding of their text, by which semantic duplicates are found. */
export function VectorField({ kind }: { kind: Source['kind'] | undefined }) {
  const { t } = useTranslation('data')
  if (!kind || !RECORDS.has(kind)) return null
  return (
    <Form.Item name="vector_field" label={t('sources.vectorField')} extra={t('sources.vectorFieldNote')}>
      <Input maxLength={100} placeholder="embedding" />
    </Form.Item>
  )
}

export type Identity = NonNullable<Source['reading']['identity']>
const IDENTITIES: Identity[] = ['content', 'place']

/** By what records are known that bring no id. */
export function KnownBy({ kind }: { kind: Source['kind'] | undefined }) {
  const { t } = useTranslation('data')
  if (!kind || kind === 'sql' || !(kind === 'package' || RECORDS.has(kind))) return null
  return (
    <Form.Item name="identity" label={t('identity.label')} extra={t('identity.note')} initialValue="content">
      <Select options={IDENTITIES.map((value) => ({ value, label: t(`identity.${value || 'content'}`) }))} />
    </Form.Item>
  )
}
