/** Runs in a phone's page, before its own code. */

/** The fake camera, but with a light, a zoom and a direction by its name; what is set of it is told by its settings. */
export const giveCamera = () => {
  const { prototype } = MediaStreamTrack
  const { getCapabilities, getSettings, applyConstraints } = prototype
  const set = new WeakMap<MediaStreamTrack, object>()
  const facingOf = (track: MediaStreamTrack) => (track.label.endsWith('0') ? 'environment' : 'user')
  prototype.getCapabilities = function capabilities(this: MediaStreamTrack) {
    const own = getCapabilities.call(this)
    if (this.kind !== 'video') return own
    const back = facingOf(this) === 'environment'
    return {
      ...own,
      facingMode: [facingOf(this)],
      ...(back ? { torch: true, zoom: { min: 1, max: 8, step: 0.1 } } : {}),
    }
  }
  prototype.getSettings = function settings(this: MediaStreamTrack) {
    if (this.kind !== 'video') return getSettings.call(this)
    return { zoom: 1, ...getSettings.call(this), facingMode: facingOf(this), ...set.get(this) }
  }
  prototype.applyConstraints = async function apply(this: MediaStreamTrack, wanted?: MediaTrackConstraints) {
    const { torch, zoom, ...rest } = (wanted?.advanced?.[0] ?? {}) as Record<string, unknown>
    const mine = Object.fromEntries(
      Object.entries({ torch, zoom }).filter(([, value]) => value !== undefined),
    )
    if (Object.keys(mine).length > 0) set.set(this, { ...set.get(this), ...mine })
    if (!wanted?.advanced) await applyConstraints.call(this, wanted)
    else if (Object.keys(rest).length > 0) await applyConstraints.call(this, { advanced: [rest] })
  }
  const devices = MediaDevices.prototype
  const { enumerateDevices, getUserMedia } = devices
  devices.enumerateDevices = async function list(this: MediaDevices) {
    const all = (await enumerateDevices.call(this)).filter(({ label }) => label !== 'fake_device_1')
    return all.map((device) => {
      if (device.kind !== 'videoinput') return device
      const facingMode = [device.label.endsWith('0') ? 'environment' : 'user']
      const { kind, label, deviceId, groupId } = device
      return {
        kind,
        label,
        deviceId,
        groupId,
        getCapabilities: () => ({ facingMode }),
      } as unknown as MediaDeviceInfo
    })
  }
  devices.getUserMedia = async function get(this: MediaDevices, wanted?: MediaStreamConstraints) {
    const video = wanted?.video
    if (typeof video !== 'object') return getUserMedia.call(this, wanted)
    const { facingMode, zoom: _zoom, ...rest } = video as MediaTrackConstraints & { zoom?: boolean }
    const mode = (facingMode as { ideal?: string } | undefined)?.ideal
    if (mode === undefined) return getUserMedia.call(this, { ...wanted, video: rest })
    const all = await enumerateDevices.call(this)
    const end = mode === 'environment' ? '0' : '2'
    const device = all.find(({ kind, label }) => kind === 'videoinput' && label.endsWith(end))
    return getUserMedia.call(this, {
      ...wanted,
      video: { ...rest, ...(device ? { deviceId: { exact: device.deviceId } } : {}) },
    })
  }
}
