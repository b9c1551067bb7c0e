import { type DynamicModule, Module } from '@nestjs/common';
import { ApiController } from './api.controller.ts';
import { Dispatcher } from './dispatcher.ts';

@Module({})
class ApiModule {}

/** The HTTP face. What it needs is made by plain functions in start.ts and provided as values. */
export function apiModule(dispatcher: Dispatcher): DynamicModule {
  return {
    module: ApiModule,
    controllers: [ApiController],
    providers: [{ provide: Dispatcher, useValue: dispatcher }],
  };
}
