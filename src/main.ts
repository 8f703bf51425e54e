import { createProgram } from './cli/program.ts';
import { startLocalService } from './local-service.ts';
import { runMigrations } from './run-migrations.ts';
import { runRole } from './run-role.ts';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader of a pipe (`| head`) has what it wanted.
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

await createProgram({ runRole, runMigrations, startLocalService }).run(process.argv);
// Something that a failed start could not close, a connection that is tried for ever, must not keep the process.
if (process.exitCode === 1) process.exit();
