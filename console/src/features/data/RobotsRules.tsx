import { Table, Tag } from 'antd'
import { useTranslation } from 'react-i18next'

import type { components } from '@/api/schema'
import { Count } from '@/ui/Figures'
import { Section } from '@/ui/Page'

type Rule = components['schemas']['RobotsRule']

/** Which group and line of each site's robots.txt allowed or refused pages at the last visit. */
export function RobotsRules({ rules }: { rules: Rule[] }) {
  const { t } = useTranslation('data')
  if (rules.length === 0) return null
  const unnamed = ({ agent, allows }: Rule) =>
    t(allows ? (agent ? 'robots.noRule' : 'robots.noGroup') : 'robots.unnamed')
  return (
    <Section title={t('robots.title')}>
      <div className="stack">
        <p className="soft">{t('robots.note')}</p>
        <Table
          size="small"
          rowKey={({ host, agent, line, allows }) => `${host} ${agent} ${line} ${allows}`}
          pagination={{ pageSize: 10, hideOnSinglePage: true, showSizeChanger: false }}
          scroll={{ x: 720 }}
          dataSource={rules}
          columns={[
            { title: t('robots.host'), render: (_, { host }) => <code>{host}</code> },
            { title: 'User-agent', render: (_, { agent }) => <code>{agent || '—'}</code> },
            {
              title: t('robots.rule'),
              render: (_, one) =>
                one.line > 0 ? (
                  <code style={{ overflowWrap: 'anywhere' }}>{one.rule}</code>
                ) : (
                  <span className="faint">{unnamed(one)}</span>
                ),
            },
            { title: t('robots.line'), align: 'right', render: (_, { line }) => line || '—' },
            {
              title: t('robots.verdict'),
              render: (_, { allows }) => (
                <Tag color={allows ? 'green' : 'red'}>{t(allows ? 'robots.allowed' : 'robots.refused')}</Tag>
              ),
            },
            { title: t('robots.pages'), align: 'right', render: (_, { pages }) => <Count value={pages} /> },
          ]}
        />
      </div>
    </Section>
  )
}
