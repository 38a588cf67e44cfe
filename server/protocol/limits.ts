/** Sizes and times both sides know. Sizes are bytes, times milliseconds unless the name says otherwise. */

/** Subprotocol a socket must offer; the number rises with breaking changes. */
export const SUBPROTOCOL = 'pairlens.v1'
/** Version of the messages, as `welcome` tells it. */
export const PROTOCOL_VERSION = 1

const KIB = 1024
/** Largest text frame [SEC-2]. */
export const MAX_TEXT_FRAME = 64 * KIB
/** Largest binary frame [SEC-2]. */
export const MAX_BINARY_FRAME = 512 * KIB
/** Largest HTTP body. */
export const MAX_BODY = 64 * KIB
/** Largest `data` of a `signal`. */
export const MAX_SIGNAL = 32 * KIB
/** Largest `data` of a `message`, and the same for a command's `args` and a result's `data`. */
export const MAX_MESSAGE = 16 * KIB
/** Largest `state` of a member, after the merge. */
export const MAX_STATE = 4 * KIB
/** Longest name of a room or a device, in characters. */
export const MAX_NAME = 80
/** Longest `id` a client may give a message, in characters. */
export const MAX_MESSAGE_ID = 64
/** Shortest claim key, in characters: 22 of base64url carry 128 bits. */
export const MIN_CLAIM_KEY = 22

/** A socket that said no sound `hello` by then is closed with 4408. */
export const HELLO_WITHIN = 5_000
/** The server pings this often … */
export const SERVER_PING_EVERY = 20_000
/** … and drops a connection that has not answered for so long. */
export const SERVER_PONG_WITHIN = 10_000
/** The client sends `ping` this often … */
export const CLIENT_PING_EVERY = 15_000
/** … and reconnects when no `pong` came for so long. */
export const CLIENT_PONG_WITHIN = 5_000
/** A socket is destroyed when it outlives its close frame by this much. */
export const CLOSE_WITHIN = 1_500
/** Clients gather ICE candidates this long before they send them. */
export const CANDIDATE_BATCH = 50

/** Control messages a second that a connection may send in the long run [SEC-3] … */
export const MESSAGES_PER_SECOND = 20
/** … and at once. */
export const MESSAGE_BURST = 60
/** So many refused messages within `REFUSED_WINDOW` close the connection with 4429. */
export const MAX_REFUSED = 100
export const REFUSED_WINDOW = 10_000
/** The invalid frame of this count closes a connection with 4400. */
export const MAX_INVALID = 10
/** Control data that may wait for a slow reader before it is closed with 4430 [SEC-4]. */
export const MAX_WAITING = 1024 * KIB

/** What may wait for a reader, control data too, before pictures are kept from it [SEC-4] … */
export const MAX_WAITING_WITH_MEDIA = 256 * KIB
/** … and how long one may wait. */
export const MAX_PICTURE_WAIT = 500
/** A camera is asked for a key picture so often at most. */
export const KEY_FRAME_EVERY = 1_000
/** What a camera may upload, in bytes a second … */
export const UPLOAD_PER_SECOND = 6 * 1024 * KIB
/** … and at once: two seconds' worth. */
export const UPLOAD_BURST = 2 * UPLOAD_PER_SECOND
/** A camera is told for so long that the way is slow. */
export const SLOW_FOR = 2_000
/** A camera that sends no picture for so long is waited for. */
export const QUIET_AFTER = 2_000

/** What may wait for a reader before packets of photos are kept from it: less than before pictures, which go first. */
export const MAX_WAITING_WITH_STILLS = 64 * KIB
/** Largest packet of a photo that is sent through the server: a chunk and its header. */
export const MAX_STILL_PACKET = 64 * KIB
/** What packets of photos one connection may send, in bytes a second … */
export const STILLS_PER_SECOND = 4 * 1024 * KIB
/** … and at once. */
export const STILLS_BURST = 2 * STILLS_PER_SECOND
/** A small packet counts as this much: what it costs is not its bytes. */
export const LEAST_STILL_COST = 512
/** Another instance that no packet went to for so long is let go. */
export const STILL_LINK_IDLE = 60_000

/** Subprotocol of the link on which one instance gets a camera's pictures from another. */
export const MEDIA_SUBPROTOCOL = 'pairlens.media.v1'
/** A link that has not proven itself by then is closed. */
export const LINK_PROOF_WITHIN = 3_000
/** Who watches over a link pings this often, and gives it up when no answer came until the next one. */
export const LINK_PING_EVERY = 5_000
/** A link is opened again after so long: at first, and at most. */
export const LINK_RETRY_FIRST = 250
export const LINK_RETRY_MOST = 2_000

/** What a room's log keeps for a resume [RES-1]. */
export const LOG_MAX_EVENTS = 1_000
export const LOG_MAX_BYTES = 1024 * KIB

/** Letters of a typed code: no vowels (no words), nothing that is read as another [PAIR-4]. */
export const CODE_ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ'
export const CODE_LENGTH = 8
