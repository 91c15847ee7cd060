// Jest's own runner, one suite after the other: for those that measure time, or fill the machine with processes.
import TestRunner from 'jest-runner';

export default class SerialRunner extends TestRunner {
  isSerial = true;
}
