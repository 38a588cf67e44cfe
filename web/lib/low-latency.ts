/** A live picture is worth more early than smooth. */

/** `jitterBufferTarget`: WebRTC extensions; `playoutDelayHint`: what Chromium had before. */
type Receiver = Partial<Pick<RTCRtpReceiver, 'jitterBufferTarget'>> & { playoutDelayHint?: number | null }

/** Asks the browser to hold no picture back longer than it has to, where it can be asked. */
export const playAtOnce = (receiver: Receiver): void => {
  if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0
  else if ('playoutDelayHint' in receiver) receiver.playoutDelayHint = 0
}
