import { useEffect, useRef, useState } from 'preact/hooks'
import { Check, Copy, Download, Trash2 } from 'lucide-preact'
import { IconButton } from '../../lib/ui/button.tsx'
import { toast } from '../../lib/ui/toast.tsx'
import { canCopy, copyPhoto, fileName, type Photo } from './photo.ts'

/** Copied is said for so long. Milliseconds. */
const SAID_FOR = 2_000

/** Save, Copy, Delete. */
export function PhotoActions({ photo, onDelete }: { photo: Photo; onDelete: () => void }) {
  const [copied, setCopied] = useState(false)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const copy = async () => {
    try {
      await copyPhoto(photo)
      setCopied(true)
      clearTimeout(timer.current)
      timer.current = setTimeout(() => setCopied(false), SAID_FOR)
    } catch (cause) {
      console.warn('The photo was not copied', cause)
      toast('This browser did not copy the photo. Save it instead.')
    }
  }
  return (
    <div class="photo-actions">
      <a
        class="button"
        data-look="bare"
        data-icon=""
        href={photo.url}
        download={fileName(photo)}
        title="Save"
        aria-label={`Save the photo from ${photo.cameraName}`}
      >
        <Download size={18} aria-hidden="true" />
      </a>
      {canCopy() && (
        <IconButton
          label={copied ? 'Copied' : `Copy the photo from ${photo.cameraName}`}
          title={copied ? 'Copied' : 'Copy'}
          onClick={() => void copy()}
        >
          {copied ? <Check size={18} aria-hidden="true" /> : <Copy size={18} aria-hidden="true" />}
        </IconButton>
      )}
      <IconButton label={`Delete the photo from ${photo.cameraName}`} title="Delete" onClick={onDelete}>
        <Trash2 size={18} aria-hidden="true" />
      </IconButton>
      <span class="visually-hidden" role="status">
        {copied ? 'Copied' : ''}
      </span>
    </div>
  )
}
