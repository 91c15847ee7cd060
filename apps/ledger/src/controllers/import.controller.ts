import { Controller } from '@nestjs/common';
import { ImportServiceDefinition, type ImportDatabaseRequest, type ImportDatabaseResponse } from '@turnpike/rpc';
import type { RpcCall } from '../grpc/call.js';
import { Rpc } from '../grpc/rpc.decorator.js';
import { ImportService } from '../services/import.service.js';

@Controller()
export class ImportController {
  constructor(private readonly imports: ImportService) {}

  @Rpc(ImportServiceDefinition, 'importDatabase')
  importDatabase(request: ImportDatabaseRequest, { caller, signal }: RpcCall): AsyncGenerator<ImportDatabaseResponse> {
    return this.imports.importDatabase(caller, request, signal);
  }
}
