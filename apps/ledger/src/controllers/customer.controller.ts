import { Controller } from '@nestjs/common';
import * as rpc from '@turnpike/rpc';
import type { RpcCall } from '../grpc/call.js';
import { Rpc } from '../grpc/rpc.decorator.js';
import { CustomerService } from '../services/customer.service.js';

const { CustomerServiceDefinition } = rpc;

@Controller()
export class CustomerController {
  constructor(private readonly customers: CustomerService) {}

  @Rpc(CustomerServiceDefinition, 'createCustomer')
  createCustomer(request: rpc.CreateCustomerRequest, { caller }: RpcCall): Promise<rpc.CreateCustomerResponse> {
    return this.customers.create(caller, request);
  }

  @Rpc(CustomerServiceDefinition, 'updateCustomer')
  updateCustomer(request: rpc.UpdateCustomerRequest, { caller }: RpcCall): Promise<rpc.UpdateCustomerResponse> {
    return this.customers.update(caller, request);
  }

  @Rpc(CustomerServiceDefinition, 'deleteCustomers')
  deleteCustomers(request: rpc.DeleteCustomersRequest, { caller }: RpcCall): Promise<rpc.DeleteCustomersResponse> {
    return this.customers.delete(caller, request);
  }

  @Rpc(CustomerServiceDefinition, 'getCustomer')
  getCustomer(request: rpc.GetCustomerRequest, { caller }: RpcCall): Promise<rpc.GetCustomerResponse> {
    return this.customers.get(caller, request);
  }

  @Rpc(CustomerServiceDefinition, 'listCustomers')
  listCustomers(request: rpc.ListCustomersRequest, { caller }: RpcCall): Promise<rpc.ListCustomersResponse> {
    return this.customers.list(caller, request);
  }

  @Rpc(CustomerServiceDefinition, 'blockCustomers')
  blockCustomers(request: rpc.BlockCustomersRequest, { caller }: RpcCall): Promise<rpc.BlockCustomersResponse> {
    return this.customers.block(caller, request);
  }
}
