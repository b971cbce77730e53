import { fireEvent, render, screen, waitFor } from '@testing-library/react'
import { Form, Input } from 'antd'
import { expect, it, vi } from 'vitest'

import { ProblemError } from '@/api/problem'
import { FormModal } from '@/ui/FormModal'

function shown(onSubmit: () => Promise<unknown>) {
  render(
    <FormModal<{ name?: string }> open title="New" submit="Send" onSubmit={onSubmit} onClose={() => undefined}>
      <Form.Item name="name" label="Name" rules={[{ required: true }]}>
        <Input />
      </Form.Item>
    </FormModal>,
  )
}

it('goes to the field that keeps the form from being sent', async () => {
  const send = vi.fn(() => Promise.resolve())
  shown(send)
  fireEvent.click(screen.getByRole('button', { name: 'Send' }))
  await waitFor(() => expect(document.activeElement).toBe(screen.getByLabelText('Name')))
  expect(send).not.toHaveBeenCalled()
})

it('brings the refusal of the platform into view', async () => {
  const scrolled = vi.spyOn(Element.prototype, 'scrollIntoView').mockImplementation(() => undefined)
  shown(() =>
    Promise.reject(
      new ProblemError({ type: '', title: 'Refused', status: 409, detail: '', code: 'refused', hint: null }),
    ),
  )
  fireEvent.change(screen.getByLabelText('Name'), { target: { value: 'x' } })
  fireEvent.click(screen.getByRole('button', { name: 'Send' }))
  await screen.findByText('Refused')
  await waitFor(() => expect(scrolled).toHaveBeenCalled())
  scrolled.mockRestore()
})
