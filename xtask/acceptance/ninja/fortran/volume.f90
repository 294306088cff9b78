module volume
  use kinds
  use area
  implicit none
contains
  function cube(x) result(y)
    real(real_kind), intent(in) :: x
    real(real_kind) :: y
    y = square(x) * x
  end function cube
end module volume
