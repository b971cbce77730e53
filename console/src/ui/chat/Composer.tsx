import { ArrowUpOutlined, BorderOutlined } from '@ant-design/icons'
import { Button, Input } from 'antd'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

import styles from './Conversation.module.css'

interface ComposerProps {
  placeholder: string
  busy: boolean
  onSend: (text: string) => void
  onStop: () => void
  note?: ReactNode
}

/** Where one writes: Enter sends, Shift+Enter breaks the line; an input method's Enter does neither. */
export function Composer({ placeholder, busy, onSend, onStop, note }: ComposerProps) {
  const { t } = useTranslation()
  const [text, setText] = useState('')
  const send = () => {
    const trimmed = text.trim()
    if (!trimmed || busy) return
    setText('')
    onSend(trimmed)
  }
  return (
    <div className={styles.composer}>
      <div className={styles.field}>
        <Input.TextArea
          variant="borderless"
          autoSize={{ minRows: 1, maxRows: 8 }}
          placeholder={placeholder}
          aria-label={placeholder}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
            event.preventDefault()
            send()
          }}
        />
        {busy ? (
          <Button shape="circle" icon={<BorderOutlined />} aria-label={t('chat.stop')} onClick={onStop} />
        ) : (
          <Button
            type="primary"
            shape="circle"
            icon={<ArrowUpOutlined />}
            aria-label={t('chat.send')}
            disabled={!text.trim()}
            onClick={send}
          />
        )}
      </div>
      {note && <div className={styles.note}>{note}</div>}
    </div>
  )
}
