/** What a camera's picture may take on its way to one watcher, by its size and rate. */

/** Bits a second: 720p30 looks clean well below it, and a home's uplink carries it. */
const BITRATE_720P30 = 2_500_000
const MAX_BITRATE = 12_000_000
const MAX_FRAMERATE = 30
const PIXELS_720P30 = 1_280 * 720 * 30

/** More pixels need more bits, but fewer for each. */
const MORE = 0.75

/** For a sender's encodings; without a track, or for a smaller picture, what 720p30 takes. */
export const encodingFor = (
  track: Pick<MediaStreamTrack, 'getSettings'> | undefined,
): { readonly maxBitrate: number; readonly maxFramerate: number } => {
  const { width = 0, height = 0, frameRate = 0 } = track?.getSettings() ?? {}
  const maxFramerate = Math.max(MAX_FRAMERATE, Math.round(frameRate))
  const larger = Math.max(1, (width * height * maxFramerate) / PIXELS_720P30)
  return { maxBitrate: Math.min(MAX_BITRATE, Math.round(BITRATE_720P30 * larger ** MORE)), maxFramerate }
}

/** Has a connection that is there already send the track as it is now. */
export const reencode = async (sender: RTCRtpSender, track: MediaStreamTrack | undefined): Promise<void> => {
  const parameters: RTCRtpSendParameters = sender.getParameters()
  const [encoding] = parameters.encodings
  if (!encoding) return
  Object.assign(encoding, encodingFor(track))
  try {
    await sender.setParameters(parameters)
  } catch (cause) {
    console.warn('This browser chooses the bitrate itself', cause)
  }
}
