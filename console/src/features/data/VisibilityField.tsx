import { Form, Select } from 'antd'
import { useTranslation } from 'react-i18next'

const CHOICES = ['private', 'internal', 'public'] as const

/** Who may see what a job writes, where it makes a new repository. */
export function VisibilityField() {
  const { t } = useTranslation('hub')
  return (
    <Form.Item name="visibility" label={t('new.visibility')} rules={[{ required: true }]}>
      <Select options={CHOICES.map((value) => ({ value, label: t(`visibility.${value}`) }))} />
    </Form.Item>
  )
}
