"""What every pillar stands on and what knows no pillar: database, unit of work, errors, ids, money,
clock, events, blobs, jobs, workflow, audit, secrets, registry. Import the submodule that you need."""
