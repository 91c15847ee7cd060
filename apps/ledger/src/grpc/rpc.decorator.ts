// Makes a controller's method the handler of a method of the contract, and holds it to the contract's types.
import { Catch, UseFilters, type RpcExceptionFilter } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import type { MessageOf, MethodContract, ServiceContract } from '@turnpike/rpc';
import { throwError, type Observable } from 'rxjs';
import type { RpcCall } from './call.js';

/**
 * A stream of answers is an async iterable: an async generator as a rule, which must heed `call.signal` while it waits.
 * Of a stream of asks each comes by itself; the transport gives the answer its number.
 */
export type RpcHandler<Method extends MethodContract> = (
  request: MessageOf<Method['requestType']>,
  call: RpcCall,
) => Method['requestStream'] extends true
  ? Promise<Omit<MessageOf<Method['responseType']>, 'ask' | 'error'>>
  : Method['responseStream'] extends true
    ? AsyncIterable<MessageOf<Method['responseType']>>
    : Promise<MessageOf<Method['responseType']>> | MessageOf<Method['responseType']>;

/** Nest's own filter would make "Internal server error" of what the transport knows how to tell. */
@Catch()
class HandOn implements RpcExceptionFilter<unknown> {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

/**
 * `@Rpc(KeyServiceDefinition, 'getKey') getKey(request: GetKeyRequest, call: RpcCall): Promise<GetKeyResponse>`.
 * The method throws GatewayErrors. The class is a Nest `@Controller()`.
 */
export const Rpc =
  <Service extends ServiceContract, Name extends keyof Service['methods'] & string>(service: Service, name: Name) =>
  <Handler extends RpcHandler<Service['methods'][Name]>>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<Handler>,
  ): void => {
    UseFilters(new HandOn())(target, key, descriptor);
    Payload()(target, key, 0);
    Ctx()(target, key, 1);
    MessagePattern(patternOf(service, name))(target, key, descriptor);
  };

/** What the transport looks a handler up by. */
export const patternOf = (service: ServiceContract, name: string): string => `${service.fullName}/${name}`;
