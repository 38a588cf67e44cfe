import Bowser from 'bowser'
import { DEVICE_KINDS, type Device } from '../protocol/models.ts'

const isKind = (type: string | undefined): type is Device['kind'] =>
  (DEVICE_KINDS as readonly unknown[]).includes(type)
const MOBILE_PLATFORM = 'mobile'
/** Of each part: "browser on system" then fits a name. Characters. */
const MAX_PART = 36

/** What a User-Agent header says of a device; unknown parts are said to be unknown. */
export function deviceOf(userAgent: string | undefined): Device {
  // Longer headers only cost time: no browser sends one.
  const text = userAgent?.slice(0, 512).trim()
  if (text === undefined || text === '')
    return { kind: 'unknown', browser: 'Unknown browser', os: 'unknown system' }
  const { browser, os, platform } = Bowser.parse(text)
  const kind = platform.type === MOBILE_PLATFORM ? 'phone' : platform.type
  return {
    kind: isKind(kind) ? kind : 'unknown',
    browser: browser.name?.slice(0, MAX_PART) || 'Unknown browser',
    os: os.name?.slice(0, MAX_PART) || 'unknown system',
  }
}

/** A name for a device that gave none, such as "iPhone" or "Chrome on Windows". */
export function nameOf(device: Device, userAgent: string | undefined): string {
  const text = userAgent?.slice(0, 512).trim() ?? ''
  const model = text === '' ? undefined : Bowser.parse(text).platform.model
  if (model !== undefined && model !== '') return model.slice(0, MAX_PART)
  return device.kind === 'unknown' ? 'Unknown device' : `${device.browser} on ${device.os}`
}
