import QRCode from 'qrcode'
import { Type } from 'typebox'
import { Refusal } from '../../domain/refusal.ts'
import { CodeIssued, IssueCode } from '../../protocol/api.ts'
import type { CodeId } from '../../protocol/ids.ts'
import { CodeIdSchema, type Role } from '../../protocol/models.ts'
import { only, sessionOf } from '../authorization.ts'
import { described, security } from '../schemas.ts'
import type { Routes } from '../services.ts'

const PATHS: Readonly<Record<Role, string>> = { camera: '/p', viewer: '/v', host: '/' }
/** Modules of the quiet zone: scanners need four (ISO/IEC 18004). */
const QUIET_ZONE = 4

/** Codes that hosts issue. */
export const pairingCodeRoutes: Routes = async (app, { services }) => {
  const { pairing, limits, addresses } = services

  app.post<{ Body: IssueCode }>(
    '/api/room/pairing-codes',
    {
      preValidation: only('host', services),
      schema: {
        tags: ['pairing'],
        summary: 'A new code with its QR',
        security,
        body: IssueCode,
        response: { 201: CodeIssued, ...described(400, 401, 403, 413, 415, 429) },
      },
    },
    async (request, reply) => {
      const { roomId, record } = sessionOf(request)
      const { role = 'camera', address } = request.body
      const base = addresses.urlFor(address)
      if (base === undefined)
        throw new Refusal('invalid_request', "body.address is none of this machine's addresses.")
      limits.code(roomId)
      const { id, secret, code, issuedAt, expiresAt } = await pairing.issue(roomId, role, record.device)
      // The secret stands in the fragment alone, which browsers send to nobody.
      const url = `${base}${PATHS[role]}#${secret}`
      const qrSvg = await QRCode.toString(url, { type: 'svg', errorCorrectionLevel: 'M', margin: QUIET_ZONE })
      return reply
        .code(201)
        .header('cache-control', 'no-store')
        .send({
          id,
          role,
          code,
          url,
          qrSvg,
          issuedAt: new Date(issuedAt).toISOString(),
          expiresAt: new Date(expiresAt).toISOString(),
          expiresInMs: expiresAt - issuedAt,
        })
    },
  )

  app.delete<{ Params: { id: CodeId } }>(
    '/api/room/pairing-codes/:id',
    {
      preValidation: only('host', services),
      schema: {
        tags: ['pairing'],
        summary: 'Revoke a code',
        security,
        params: Type.Object({ id: CodeIdSchema }),
        response: { 204: { type: 'null' }, ...described(401, 403, 404) },
      },
    },
    async (request, reply) => {
      if (!(await pairing.revoke(sessionOf(request).roomId, request.params.id))) {
        throw new Refusal('not_found', 'There is no such code.')
      }
      return reply.code(204).send()
    },
  )
}
