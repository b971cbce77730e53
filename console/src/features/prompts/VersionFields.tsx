import { DeleteOutlined, PlusOutlined } from '@ant-design/icons'
import { Button, Form, Input, InputNumber, Select } from 'antd'
import { useTranslation } from 'react-i18next'

import { ChatModel } from './ChatModel'
import { variablesOf, type Message, type VersionValues } from './version'

const ROLES = ['system', 'user', 'assistant', 'developer'] as const

function ContentField({ value, onChange }: { value?: Message['content']; onChange?: (value: string) => void }) {
  const { t } = useTranslation('prompts')
  if (value !== undefined && typeof value !== 'string')
    return (
      <>
        <pre className="mono">{JSON.stringify(value, null, 1)}</pre>
        <span className="faint">{t('parts')}</span>
      </>
    )
  return (
    <Input.TextArea
      value={value}
      aria-label={t('text')}
      autoSize={{ minRows: 3, maxRows: 16 }}
      onChange={(event) => onChange?.(event.target.value)}
    />
  )
}

function Defaults() {
  const { t } = useTranslation('prompts')
  const messages = Form.useWatch<VersionValues['messages'] | undefined>('messages') ?? []
  const names = variablesOf(messages)
  if (names.length === 0) return <p className="soft">{t('noVariables', { sample: '{{name}}' })}</p>
  return (
    <div className="grid-2">
      {names.map((name) => (
        <Form.Item key={name} name={['defaults', name]} label={<code>{name}</code>}>
          <Input placeholder={t('mustBeGiven')} />
        </Form.Item>
      ))}
    </div>
  )
}

/** The fields of a version: messages, defaults of their variables, and what a call takes that does not say otherwise. */
export function VersionFields() {
  const { t } = useTranslation('prompts')
  return (
    <>
      <Form.List name="messages">
        {(fields, { add, remove }) => (
          <Form.Item required label={t('messages')} extra={t('variableNote', { sample: '{{name}}' })}>
            {fields.map((field) => (
              <div key={field.key} style={{ marginBottom: 12 }}>
                <div className="row" style={{ marginBottom: 6 }}>
                  <Form.Item name={[field.name, 'role']} noStyle>
                    <Select
                      aria-label={t('role')}
                      style={{ width: 140 }}
                      options={ROLES.map((value) => ({ value, label: t(`roles.${value}`) }))}
                    />
                  </Form.Item>
                  <Button
                    type="text"
                    icon={<DeleteOutlined />}
                    aria-label={t('removeMessage')}
                    disabled={fields.length === 1}
                    onClick={() => remove(field.name)}
                  />
                </div>
                <Form.Item name={[field.name, 'content']} noStyle rules={[{ required: true, message: t('needsText') }]}>
                  <ContentField />
                </Form.Item>
              </div>
            ))}
            <Button icon={<PlusOutlined />} onClick={() => add({ role: 'user', content: '' })}>
              {t('addMessage')}
            </Button>
          </Form.Item>
        )}
      </Form.List>
      <Form.Item label={t('defaults')}>
        <Defaults />
      </Form.Item>
      <Form.Item name="model" label={t('model')}>
        <ChatModel placeholder={t('callersChoice')} />
      </Form.Item>
      <div className="grid-2">
        <Form.Item name="temperature" label={t('temperature')}>
          <InputNumber min={0} max={2} step={0.1} style={{ width: '100%' }} placeholder={t('callersChoice')} />
        </Form.Item>
        <Form.Item name="max_tokens" label={t('maxTokens')}>
          <InputNumber min={1} precision={0} style={{ width: '100%' }} placeholder={t('callersChoice')} />
        </Form.Item>
      </div>
    </>
  )
}
