/** Not in the DOM types: W3C mediacapture-transform, MediaStreamTrackProcessor. */
interface TrackProcessor {
  readonly readable: ReadableStream<VideoFrame>
}
type TrackProcessorClass = new (init: { track: MediaStreamTrack; maxBufferSize?: number }) => TrackProcessor

/** The class where this scope has it: the window in Chromium, workers in WebKit. */
export const trackProcessor = (): TrackProcessorClass | undefined =>
  (globalThis as { MediaStreamTrackProcessor?: TrackProcessorClass }).MediaStreamTrackProcessor

/** The track's pictures; of those that nobody took in time the newest alone is kept. */
export const picturesOf = (
  track: MediaStreamTrack,
  processor: TrackProcessorClass,
): ReadableStream<VideoFrame> => new processor({ track, maxBufferSize: 1 }).readable
