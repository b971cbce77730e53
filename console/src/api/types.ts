import type { paths } from './schema'

type Json<Responses> = Responses extends { 200: { content: { 'application/json': infer Body } } }
  ? Body
  : Responses extends { 201: { content: { 'application/json': infer Body } } }
    ? Body
    : never

type Operation<Path extends keyof paths, Method extends string> = Method extends keyof paths[Path]
  ? paths[Path][Method]
  : never

/** What a GET of the path answers. Pages take their types from here: paths are stable, names of schemas are not. */
export type Got<Path extends keyof paths> =
  Operation<Path, 'get'> extends { responses: infer Responses } ? Json<Responses> : never

/** One item of a paged list. */
export type Item<Path extends keyof paths> = Got<Path> extends { items: (infer Row)[] } ? Row : never

/** One element of a plain list. */
export type Element<Path extends keyof paths> = Got<Path> extends (infer Row)[] ? Row : never

/** What a POST, PUT or PATCH of the path takes. */
export type Sent<Path extends keyof paths, Method extends 'post' | 'put' | 'patch' = 'post'> =
  Operation<Path, Method> extends { requestBody?: { content: { 'application/json': infer Body } } } ? Body : never

/** What a POST of the path answers. */
export type Posted<Path extends keyof paths> =
  Operation<Path, 'post'> extends { responses: infer Responses } ? Json<Responses> : never
