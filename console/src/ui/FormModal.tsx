import { Alert, Form, Modal, type FormInstance } from 'antd'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

import { fieldFaults } from '@/api/problem'

import { ProblemView } from './Feedback'

interface FormModalProps<Values extends object> {
  open: boolean
  title: string
  /** What will happen, when that is not plain from the title. */
  note?: ReactNode
  submit: string
  danger?: boolean
  initial?: Partial<Values>
  width?: number
  onSubmit: (values: Values) => Promise<unknown>
  onClose: () => void
  children: ReactNode | ((form: FormInstance<Values>) => ReactNode)
}

/** A form in a dialogue: what the platform refuses is shown at its field, the rest above the buttons. What keeps it from
 * being sent is scrolled to, since a long form hides it. */
export function FormModal<Values extends object>(props: FormModalProps<Values>) {
  const { open, title, note, submit, danger, initial, width = 520, onSubmit, onClose, children } = props
  const { t } = useTranslation()
  const [form] = Form.useForm<Values>()
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const fault = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (error !== null) fault.current?.scrollIntoView({ block: 'nearest' })
  }, [error])
  const close = () => {
    setError(null)
    onClose()
  }
  const finish = async (values: Values) => {
    setBusy(true)
    setError(null)
    try {
      await onSubmit(values)
      close()
    } catch (problem) {
      setError(problem)
      form.setFields(fieldFaults(problem) as Parameters<typeof form.setFields>[0])
    } finally {
      setBusy(false)
    }
  }
  return (
    <Modal
      open={open}
      title={title}
      width={width}
      okText={submit}
      cancelText={t('cancel')}
      okButtonProps={{ danger: danger ?? false, loading: busy, htmlType: 'submit' }}
      destroyOnHidden
      onCancel={close}
      modalRender={(content) => (
        <Form<Values>
          form={form}
          layout="vertical"
          requiredMark="optional"
          preserve={false}
          scrollToFirstError={{ block: 'center', focus: true }}
          initialValues={initial as object}
          onFinish={(values) => void finish(values)}
        >
          {content}
        </Form>
      )}
    >
      {note && <Alert type={danger ? 'warning' : 'info'} title={note} style={{ marginBottom: 16 }} />}
      {typeof children === 'function' ? children(form) : children}
      {error !== null && (
        <div ref={fault}>
          <ProblemView error={error} />
        </div>
      )}
    </Modal>
  )
}
