import { Form, Input, InputNumber, Select, Switch, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import { choicesOf, isRequired, meaningOf, parametersOf, type Operator, type Parameter } from './recipes'

function Control({ parameter, side, ...rest }: { parameter: Parameter; side: number }) {
  const choices = choicesOf(parameter, side)
  if (parameter.type === 'boolean') return <Switch {...rest} size="small" />
  if (parameter.type === 'array') {
    return (
      <Select
        {...rest}
        mode={choices ? 'multiple' : 'tags'}
        tokenSeparators={[' ', '，', ',', '、']}
        optionFilterProp="label"
        options={choices}
      />
    )
  }
  if (choices) return <Select {...rest} options={choices} />
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
        <Typography.Paragraph type="secondary">{one.summary[side]}</Typography.Paragraph>
        <div className="grid-2">
          {parametersOf(one).map(([name, parameter]) => (
            <Form.Item
              key={name}
              name={['parameters', one.name, name]}
              label={<span className="mono">{name}</span>}
              extra={meaningOf(parameter, side)}
              initialValue={parameter.default}
              valuePropName={parameter.type === 'boolean' ? 'checked' : 'value'}
              rules={[{ required: isRequired(one, name), message: t('pipelines.needed', { name }) }]}
            >
              <Control parameter={parameter} side={side} />
            </Form.Item>
          ))}
        </div>
      </fieldset>
    ))
}
