/** A peer connection without a network: it negotiates by the rules, and tests say what ICE and the picture do. */

interface FakeSender {
  track: MediaStreamTrack | null
  replaceTrack(track: MediaStreamTrack | null): Promise<void>
  getParameters(): RTCRtpSendParameters
  setParameters(parameters: RTCRtpSendParameters): Promise<void>
  parameters?: RTCRtpSendParameters
}

const described = (type: RTCSdpType, sdp: string): RTCSessionDescription => ({
  type,
  sdp,
  toJSON: () => ({ type, sdp }),
})

let made = 0

export class FakeConnection {
  onnegotiationneeded: (() => Promise<void>) | null = null
  onicecandidate: ((event: { candidate: RTCIceCandidate | null }) => void) | null = null
  oniceconnectionstatechange: (() => void) | null = null
  ondatachannel: ((event: { channel: RTCDataChannel }) => void) | null = null
  ontrack:
    | ((event: { track: MediaStreamTrack; streams: MediaStream[]; receiver: RTCRtpReceiver }) => void)
    | null = null
  /** What a browser lets a page ask of it. */
  readonly receiver: { jitterBufferTarget: number | null } = { jitterBufferTarget: null }
  signalingState: RTCSignalingState = 'stable'
  iceConnectionState: RTCIceConnectionState = 'new'
  localDescription: RTCSessionDescription | null = null
  remoteDescription: RTCSessionDescriptionInit | null = null
  configuration: RTCConfiguration
  readonly candidates: RTCIceCandidateInit[] = []
  readonly senders: FakeSender[] = []
  readonly channels: RTCDataChannel[] = []
  readonly encodings: RTCRtpEncodingParameters[] = []
  restarts = 0
  rollbacks = 0
  frames = 0
  closed = false
  private readonly name = (made += 1)
  private offers = 0

  constructor(configuration: RTCConfiguration) {
    this.configuration = configuration
  }

  /** As the interface that peer.ts takes; what it uses is here. */
  static create = (configuration: RTCConfiguration): RTCPeerConnection =>
    new FakeConnection(configuration) as unknown as RTCPeerConnection

  static of = (connection: RTCPeerConnection): FakeConnection => connection as unknown as FakeConnection

  private need() {
    queueMicrotask(() => {
      if (!this.closed && this.signalingState === 'stable') void this.onnegotiationneeded?.()
    })
  }

  addTransceiver(track: MediaStreamTrack | string, init: RTCRtpTransceiverInit) {
    const sender: FakeSender = {
      track: typeof track === 'string' ? null : track,
      replaceTrack(next) {
        this.track = next
        return Promise.resolve()
      },
      getParameters: () => ({}) as RTCRtpSendParameters,
      setParameters(parameters) {
        this.parameters = parameters
        return Promise.resolve()
      },
    }
    this.senders.push(sender)
    this.encodings.push(...(init.sendEncodings ?? []))
    this.need()
    return { sender }
  }

  createDataChannel(label: string) {
    const channel = Object.assign(new EventTarget(), { label, readyState: 'connecting', onopen: null })
    this.channels.push(channel as unknown as RTCDataChannel)
    this.need()
    return channel
  }

  getSenders() {
    return this.senders
  }

  setConfiguration(configuration: RTCConfiguration) {
    this.configuration = configuration
  }

  restartIce() {
    this.restarts += 1
    this.need()
  }

  async setLocalDescription() {
    await Promise.resolve()
    if (this.signalingState === 'have-remote-offer') {
      this.localDescription = described('answer', `answer to ${this.remoteDescription?.sdp}`)
      this.signalingState = 'stable'
      return
    }
    this.offers += 1
    this.localDescription = described('offer', `offer ${this.name}.${this.offers}`)
    this.signalingState = 'have-local-offer'
  }

  async setRemoteDescription(description: RTCSessionDescriptionInit) {
    await Promise.resolve()
    if (description.type === 'answer' && this.signalingState !== 'have-local-offer') {
      throw new DOMException('No offer is out', 'InvalidStateError')
    }
    if (description.type === 'offer' && this.signalingState === 'have-local-offer') this.rollbacks += 1
    this.remoteDescription = description
    this.signalingState = description.type === 'offer' ? 'have-remote-offer' : 'stable'
    if (description.type === 'offer') {
      this.ontrack?.({
        track: {} as MediaStreamTrack,
        streams: [{} as MediaStream],
        receiver: this.receiver as RTCRtpReceiver,
      })
    }
  }

  addIceCandidate(candidate: RTCIceCandidateInit) {
    if (!this.remoteDescription) return Promise.reject(new DOMException('Too early', 'InvalidStateError'))
    this.candidates.push(candidate)
    return Promise.resolve()
  }

  getStats() {
    return Promise.resolve(
      new Map([
        [
          'v',
          {
            id: 'v',
            type: 'inbound-rtp',
            kind: 'video',
            timestamp: performance.now(),
            framesDecoded: this.frames,
          },
        ],
      ]),
    )
  }

  close() {
    this.closed = true
    this.signalingState = 'closed'
  }

  /** What ICE came to. */
  become(state: RTCIceConnectionState) {
    this.iceConnectionState = state
    this.oniceconnectionstatechange?.()
  }

  found(candidate: string) {
    this.onicecandidate?.({ candidate: { toJSON: () => ({ candidate }) } as RTCIceCandidate })
  }
}
