import { SearchOutlined } from '@ant-design/icons'
import { useQueries } from '@tanstack/react-query'
import { Input, Modal, type InputRef } from 'antd'
import { useDeferredValue, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'

import { features, type Found, type Room } from '@/app/features'

import styles from './Search.module.css'

interface Group {
  label: string
  found: Found[]
}

const providers = features.flatMap((feature) => feature.search ?? [])

function usePages(rooms: Room[], text: string): Found[] {
  const { t } = useTranslation()
  return useMemo(() => {
    const wanted = text.toLowerCase()
    return rooms
      .flatMap((room) =>
        room.entries.map((entry) => ({ path: entry.path, title: t(entry.label), note: t(`room.${room.id}.full`) })),
      )
      .filter((page) => `${page.title} ${page.path}`.toLowerCase().includes(wanted))
      .slice(0, 8)
  }, [rooms, text, t])
}

function useFound(text: string): Group[] {
  const results = useQueries({
    queries: providers.map((provider) => ({
      queryKey: ['search', provider.label, text],
      queryFn: ({ signal }: { signal: AbortSignal }) => provider.find(text, signal),
      enabled: text.length > 0,
    })),
  })
  return providers.map((provider, index) => ({ label: provider.label, found: results[index]?.data ?? [] }))
}

function Results({ groups, active, onChoose }: { groups: Group[]; active: number; onChoose: (found: Found) => void }) {
  const { t } = useTranslation()
  const flat = groups.flatMap((group) => group.found)
  if (flat.length === 0) return <p className={styles.none}>{t('search.none')}</p>
  return (
    <div role="listbox" id="search-results" className={styles.results}>
      {groups
        .filter((group) => group.found.length > 0)
        .map((group) => (
          <div key={group.label} role="group" aria-label={t(group.label)}>
            <div className={styles.group}>{t(group.label)}</div>
            {group.found.map((found) => (
              <button
                key={found.path}
                type="button"
                role="option"
                id={`search-${flat.indexOf(found)}`}
                aria-selected={flat.indexOf(found) === active}
                className={styles.result}
                onClick={() => onChoose(found)}
              >
                <span className="truncate">{found.title}</span>
                {found.note && <span className="faint">{found.note}</span>}
              </button>
            ))}
          </div>
        ))}
    </div>
  )
}

function Palette({ rooms, onClose }: { rooms: Room[]; onClose: () => void }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const input = useRef<InputRef>(null)
  const [text, setText] = useState('')
  const [active, setActive] = useState(0)
  const wanted = useDeferredValue(text.trim())
  const pages = usePages(rooms, wanted)
  const groups = [{ label: 'search.pages', found: pages }, ...useFound(wanted)]
  const flat = groups.flatMap((group) => group.found)
  const choose = (found: Found) => {
    onClose()
    void navigate(found.path)
  }
  useEffect(() => {
    input.current?.focus()
  }, [])
  return (
    <>
      <Input
        ref={input}
        size="large"
        variant="borderless"
        prefix={<SearchOutlined className="faint" />}
        placeholder={t('search.placeholder')}
        role="combobox"
        aria-expanded
        aria-controls="search-results"
        aria-activedescendant={`search-${active}`}
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setActive(0)
        }}
        onKeyDown={(event) => {
          const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
          if (step && flat.length) {
            event.preventDefault()
            setActive((active + step + flat.length) % flat.length)
          }
          const found = flat[active]
          if (event.key === 'Enter' && found) choose(found)
        }}
      />
      <Results groups={groups} active={active} onChoose={choose} />
    </>
  )
}

/** Search over pages and everything that features offer; Ctrl K opens it anywhere. */
export function Search({ rooms }: { rooms: Room[] }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  useEffect(() => {
    const hotkey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        setOpen(true)
      }
    }
    addEventListener('keydown', hotkey)
    return () => removeEventListener('keydown', hotkey)
  }, [])
  return (
    <>
      <button type="button" className={styles.open} aria-label={t('search.label')} onClick={() => setOpen(true)}>
        <SearchOutlined />
        <span className="truncate">{t('search.placeholder')}</span>
        <kbd>Ctrl K</kbd>
      </button>
      <Modal
        open={open}
        onCancel={() => setOpen(false)}
        footer={null}
        closable={false}
        destroyOnHidden
        width={620}
        title={<span className="visually-hidden">{t('search.label')}</span>}
        styles={{ header: { margin: 0 }, container: { padding: 8 } }}
      >
        <Palette rooms={rooms} onClose={() => setOpen(false)} />
      </Modal>
    </>
  )
}
