/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: the namespace in which the kernel tells its facts.  See kernel-fixture.h. */
#include "kernel-fixture.h"

void
kernel_fixture_set_up (KernelFixture *f,
                       gconstpointer  user_data)
{
  g_autoptr(GError) error = NULL;

  test_namespace_enter ();
  test_run ("ip link add up0 type veth peer name far0; ip link set up0 addrgenmode none; "
            "ip link set far0 addrgenmode none;"
            "ip link set up0 up; ip link set far0 up; ip addr add 192.0.2.2/24 dev up0");
  test_wait_for_operstate ("up0", "UP");
  test_wait_for_operstate ("far0", "UP");
  f->kernel = divert_kernel_new (test_on_call, &f->n_calls, &error);
  g_assert_no_error (error);
}

void
kernel_fixture_tear_down (KernelFixture *f,
                          gconstpointer  user_data)
{
  divert_kernel_free (f->kernel);
}

DivertFacts *
kernel_fixture_gather (KernelFixture *f)
{
  DivertFacts *facts = divert_facts_new ();
  g_autoptr(GError) error = NULL;

  divert_kernel_gather (f->kernel, facts, &error);
  g_assert_no_error (error);
  return facts;
}

/* Runs until nothing comes any more. */
void
kernel_fixture_settle (KernelFixture *f)
{
  do
    {
      f->n_calls = 0;
      test_wait (50, NULL, NULL);
    }
  while (f->n_calls > 0);
}
