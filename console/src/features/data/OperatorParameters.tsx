import { Form, Input, InputNumber, Select, Switch, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import { isRequired, parametersOf, type Operator, type Parameter } from './recipes'

function Control({ parameter, ...rest }: { parameter: Parameter }) {
  if (parameter.type === 'boolean') return <Switch {...rest} size="small" />
  if (parameter.type === 'array') {
    const choices = parameter.items?.enum
    return (
      <Select
        {...rest}
        mode={choices ? 'multiple' : 'tags'}
        tokenSeparators={[' ', '，', ',', '、']}
        options={choices?.map((value) => ({ value, label: value }))}
      />
    )
  }
  if (parameter.enum) return <Select {...rest} options={parameter.enum.map((value) => ({ value, label: value }))} />
  if (parameter.type === 'string') return <Input {...rest} maxLength={parameter.maxLength} className="mono" />
  return (
    <InputNumber
      {...rest}
      min={parameter.minimum}
      max={parameter.maximum}
      precision={parameter.type === 'integer' ? 0 : undefined}
      style={{ width: '100%' }}
    />
  )
}

/** The parameters of the chosen operators that have any, each with its own default. */
export function OperatorParameters({ chosen, side }: { chosen: Operator[]; side: number }) {
  const { t } = useTranslation('data')
  return chosen
    .filter((one) => parametersOf(one).length > 0)
    .map((one) => (
      <fieldset key={one.name} style={{ border: 0, margin: 0, padding: 0 }}>
        <Typography.Text strong>
          {one.title[side]} <span className="faint mono">{one.name}</span>
        </Typography.Text>
        <div className="grid-2">
          {parametersOf(one).map(([name, parameter]) => (
            <Form.Item
              key={name}
              name={['parameters', one.name, name]}
              label={<span className="mono">{name}</span>}
              initialValue={parameter.default}
              valuePropName={parameter.type === 'boolean' ? 'checked' : 'value'}
              rules={[{ required: isRequired(one, name), message: t('pipelines.needed', { name }) }]}
            >
              <Control parameter={parameter} />
            </Form.Item>
          ))}
        </div>
      </fieldset>
    ))
}
